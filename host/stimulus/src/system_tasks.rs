//! Which system tasks a compiled simulation calls.
//!
//! A candidate that is simulated shares a process with the bench that writes down what its
//! ports do, and Icarus gives all of a process's files to all of its code: a handle is a
//! small number, and a name in a string is as good as a handle. So what could open, write or
//! move in files is not run at all. The compiled image names every call, whatever macros,
//! parameters or generate blocks it came from, and there it is looked for.

use std::collections::BTreeMap;

/// What a candidate may call, in words between blanks: it computes, prints to the standard output, ends the
/// simulation, or reads a memory's contents from a file whose name it has to know.
/// `$dump…` does nothing, since the simulator is started without waveforms.
const HARMLESS: &str = "\
    $display $displayb $displayh $displayo $write $writeb $writeh $writeo $strobe $strobeb \
    $strobeh $strobeo $monitor $monitorb $monitorh $monitoro $monitoron $monitoroff $info \
    $warning $error $fatal $finish $stop $time $stime $realtime $simtime $timeformat \
    $printtimescale $random $urandom $urandom_range $dist_uniform $clog2 $ln $log10 $exp \
    $sqrt $pow $floor $ceil $abs $min $max $sin $cos $tan $itor $rtoi $realtobits $bitstoreal \
    $signed $unsigned $bits $countones $onehot $onehot0 $isunknown $size $left $right $low \
    $high $sformat $sformatf $swrite $swriteb $swriteh $swriteo $sscanf $readmemb $readmemh \
    $dumpfile $dumpvars $dumpon $dumpoff $dumpall $dumplimit $dumpflush $test$plusargs \
    $value$plusargs";

/// The bench's own calls, and how many there are of each.
const OF_THE_BENCH: [(&str, usize); 3] = [("$fopen", 2), ("$fscanf", 2), ("$fwrite", 1)];

/// The first system task, by name, that the image calls beyond the bench's own and the
/// harmless ones. A string that looks like one counts as well.
pub(crate) fn forbidden(image: &[u8]) -> Option<String> {
    let mut calls: BTreeMap<&[u8], usize> = BTreeMap::new();
    for line in image.split(|&b| b == b'\n') {
        // The scope of what stands outside all modules; nothing is called there.
        if contains(line, b".scope package, \"$unit\"") {
            continue;
        }
        let mut rest = line;
        while let Some(at) = rest.windows(2).position(|two| two == b"\"$") {
            rest = &rest[at + 1..];
            let is_name = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$');
            let end = rest.iter().position(|c| !is_name(c)).unwrap_or(rest.len());
            *calls.entry(&rest[..end]).or_default() += 1;
        }
    }
    let harmless =
        |name: &[u8]| HARMLESS.split_ascii_whitespace().any(|known| known.as_bytes() == name);
    let own = |name: &[u8]| {
        let known = OF_THE_BENCH.iter().find(|(known, _)| known.as_bytes() == name);
        known.map_or(0, |(_, count)| *count)
    };
    // The bench has to be whole, too.
    let missing = OF_THE_BENCH
        .iter()
        .find(|(name, count)| calls.get(name.as_bytes()).is_none_or(|found| found < count));
    if let Some((name, _)) = missing {
        return Some((*name).to_owned());
    }
    let further = calls.iter().find(|(name, count)| !harmless(name) && **count != own(name));
    further.map(|(name, _)| String::from_utf8_lossy(name).into_owned())
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BENCH: &str = "S_1 .scope package, \"$unit\" \"$unit\" 2 1;\n\
        \x20   %vpi_func 2 7 \"$fopen\" 32, \"steps\", \"r\" {0 0 0};\n\
        \x20   %vpi_func 2 8 \"$fopen\" 32, \"responses\", \"w\" {0 0 0};\n\
        \x20   %vpi_func 2 9 \"$fscanf\" 32, v_0, \"%b\", v_1 {0 0 0};\n\
        \x20   %vpi_func 2 9 \"$fscanf\" 32, v_0, \"%b\", v_1 {0 0 0};\n\
        \x20   %vpi_call 2 9 \"$fwrite\", v_0, \"%b\\012\", L_1 {0 0 0};\n\
        \x20   %vpi_call 2 9 \"$finish\" {0 0 0};\n";

    fn with(line: &str) -> Option<String> {
        forbidden(format!("{BENCH}{line}\n").as_bytes())
    }

    #[test]
    fn what_could_reach_files_is_found() {
        assert_eq!(with(""), None);
        assert_eq!(
            with("    %vpi_call/w 3 7 \"$display\", \"$5 for $fopen\" {0 0 0};").as_deref(),
            Some("$5")
        );
        assert_eq!(with("    %vpi_call/w 3 7 \"$display\", \"it costs $5\" {0 0 0};"), None);
        assert_eq!(with("L_1 .sfunc/e 3 2 \"$time\", E_1, \"v64\";"), None);
        for (line, name) in [
            ("    %vpi_func 3 8 \"$fopen\" 32, \"x\" {0 0 0};", "$fopen"),
            ("L_1 .sfunc 3 2 \"$fgetc\", \"v32\", L_2;", "$fgetc"),
            ("    %vpi_call/w 3 7 \"$fwrite\", v_2, \"x\" {0 0 0};", "$fwrite"),
            ("    %vpi_call/w 3 7 \"$writememh\", \"x\", v_2 {0 0 0};", "$writememh"),
            ("    %vpi_call/w 3 7 \"$display\", \"$display\", \"$fclose\" {0 0 0};", "$fclose"),
        ] {
            assert_eq!(with(line).as_deref(), Some(name), "{line}");
        }
        assert_eq!(forbidden(b"").as_deref(), Some("$fopen"));
    }
}
