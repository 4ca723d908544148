//! Recorded problems by content.

use crate::RecordError;
use filbench_model::{Bits, Playback, Problem, Step, Wake};
use filbench_toolbox::CacheFolder;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The first bytes of a file, with the version of its layout.
const MAGIC: &[u8; 8] = b"filbenP3";
/// Of a SHA-256.
const DIGEST_BYTES: usize = 32;
/// What a file unpacks to at most.
const BYTES_MAX: usize = 2 << 30;

/// A folder of problems, a file each: [`MAGIC`], the SHA-256 of the rest, then LZ4 over a
/// length (`u32`), that many bytes of JSON (the problem without its steps and wakes), the
/// numbers of steps and wakes (`u64`), the steps' words and those of the wakes,
/// little-endian, each exclusive-or'ed with that of the step or wake before.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    dir: CacheFolder,
}

impl Cache {
    pub(crate) fn new(root: &Path) -> Self {
        Self { dir: CacheFolder::new(root, "problems") }
    }

    /// What was kept under `key`; a damaged file counts as none.
    pub(crate) fn get(&self, key: &str) -> Option<Problem> {
        let path = self.path(key);
        let problem = decode(&fs::read(&path).ok()?);
        if problem.is_none() {
            tracing::warn!(path = %path.display(), "damaged recording; recording again");
        }
        problem.filter(|problem| problem.source_sha256 == key)
    }

    /// Keeps a problem under its hash; whole or not at all, also with two processes at it.
    pub(crate) fn put(&self, problem: &Problem) -> Result<(), RecordError> {
        let path = self.path(&problem.source_sha256);
        let write = || -> io::Result<()> {
            self.dir.write(Self::file(&problem.source_sha256), &encode(problem)?)
        };
        write().map_err(|source| RecordError::Cache { path: path.clone(), source })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.dir.join(Self::file(key))
    }

    fn file(key: &str) -> String {
        format!("{key}.problem")
    }
}

fn encode(problem: &Problem) -> io::Result<Vec<u8>> {
    let header = serde_json::to_vec(&bare(problem))?;
    let length = u32::try_from(header.len()).map_err(io::Error::other)?;
    let mut plain = length.to_le_bytes().to_vec();
    plain.extend(header);
    let wakes = problem.playback.as_ref().map_or(&[][..], |playback| &playback.wakes);
    for count in [problem.steps.len(), wakes.len()] {
        plain.extend((count as u64).to_le_bytes());
    }
    let vectors = |vectors: &[&Bits]| -> Vec<u64> {
        vectors.iter().flat_map(|bits| bits.words().iter().copied()).collect()
    };
    append(
        &mut plain,
        problem
            .steps
            .iter()
            .map(|step| vectors(&[&step.inputs, &step.unknown, &step.expected, &step.care])),
    );
    append(
        &mut plain,
        wakes.iter().map(|wake| {
            let edge = wake.edge.map_or(0, |edge| edge as u64 + 1);
            let mut row = vec![edge, wake.step as u64, u64::from(wake.event)];
            row.extend(vectors(&[&wake.inputs, &wake.unknown]));
            row
        }),
    );
    let packed = lz4_flex::compress_prepend_size(&plain);
    let mut out = MAGIC.to_vec();
    out.extend(Sha256::digest(&packed));
    out.extend(packed);
    Ok(out)
}

/// Appends rows of words, all of one length.
fn append(plain: &mut Vec<u8>, rows: impl Iterator<Item = Vec<u64>>) {
    let mut before: Vec<u64> = Vec::new();
    for row in rows {
        before.resize(row.len(), 0);
        for (word, old) in row.iter().zip(&before) {
            plain.extend((word ^ old).to_le_bytes());
        }
        before = row;
    }
}

/// The problem without what is kept as words.
fn bare(problem: &Problem) -> Problem {
    Problem {
        name: problem.name.clone(),
        top: problem.top.clone(),
        interface: problem.interface.clone(),
        event_inputs: problem.event_inputs.clone(),
        source: problem.source.clone(),
        comparison: problem.comparison,
        steps: Vec::new(),
        playback: problem.playback.as_ref().map(|playback| Playback {
            clocks: playback.clocks.clone(),
            assignment: playback.assignment,
            trust: playback.trust.clone(),
            from_start: playback.from_start,
            wakes: Vec::new(),
        }),
        source_sha256: problem.source_sha256.clone(),
    }
}

fn decode(bytes: &[u8]) -> Option<Problem> {
    let (digest, packed) = bytes.strip_prefix(MAGIC)?.split_at_checked(DIGEST_BYTES)?;
    if Sha256::digest(packed)[..] != *digest {
        return None;
    }
    let (size, _) = lz4_flex::block::uncompressed_size(packed).ok()?;
    if size > BYTES_MAX {
        return None;
    }
    let plain = lz4_flex::decompress_size_prepended(packed).ok()?;
    let (length, rest) = plain.split_first_chunk::<4>()?;
    let (header, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let mut problem: Problem = serde_json::from_slice(header).ok()?;
    let (counts, rest) = rest.split_first_chunk::<16>()?;
    let [count, wakes_count] = counts.as_chunks::<8>().0 else { return None };
    let number = |bytes: &[u8; 8]| usize::try_from(u64::from_le_bytes(*bytes)).ok();
    let (count, wakes_count) = (number(count)?, number(wakes_count)?);

    let (ni, no) = (problem.interface.input_bits(), problem.interface.output_bits());
    let per_step = [ni, ni, no, no].iter().map(|len| len.div_ceil(64)).sum::<usize>();
    let (steps, wakes) = rest.split_at_checked(count.checked_mul(8 * per_step)?)?;
    problem.steps.reserve(count);
    rows(steps, per_step, |row| {
        problem.steps.push(Step {
            inputs: row.bits(ni)?,
            unknown: row.bits(ni)?,
            expected: row.bits(no)?,
            care: row.bits(no)?,
        });
        Some(())
    })?;
    match &mut problem.playback {
        Some(playback) => rows(wakes, 3 + 2 * ni.div_ceil(64), |row| {
            playback.wakes.push(Wake {
                edge: row.number()?.checked_sub(1),
                step: row.number().filter(|step| *step < count)?,
                event: row.number()? == 1,
                inputs: row.bits(ni)?,
                unknown: row.bits(ni)?,
            });
            Some(())
        })?,
        None if !wakes.is_empty() => return None,
        None => {}
    }
    let wakes = problem.playback.as_ref().map_or(0, |playback| playback.wakes.len());
    (wakes == wakes_count && problem.check().is_ok()).then_some(problem)
}

/// Hands over each row of `words` words; `None` on anything that [`append`] does not write.
fn rows(
    bytes: &[u8],
    words: usize,
    mut take: impl FnMut(&mut Row<'_>) -> Option<()>,
) -> Option<()> {
    if words == 0 || !bytes.len().is_multiple_of(8 * words) {
        return None;
    }
    let mut row = vec![0u64; words];
    for chunk in bytes.chunks_exact(8 * words) {
        for (word, bytes) in row.iter_mut().zip(chunk.as_chunks::<8>().0) {
            *word ^= u64::from_le_bytes(*bytes);
        }
        take(&mut Row(&row))?;
    }
    Some(())
}

/// What is left of a row.
struct Row<'a>(&'a [u64]);

impl Row<'_> {
    fn number(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        usize::try_from(*first).ok()
    }

    fn bits(&mut self, len: usize) -> Option<Bits> {
        let (words, rest) = self.0.split_at_checked(len.div_ceil(64))?;
        self.0 = rest;
        Bits::from_words(words.to_vec(), len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{Assignment, BenchTrust, ClockEdge, StimulusSource};
    use filbench_model::{Comparison, Direction, Interface, Port};

    fn problem(steps: usize) -> Problem {
        let port = |name: &str, direction, width| Port { name: name.into(), direction, width };
        let ports = vec![port("d", Direction::Input, 70), port("q", Direction::Output, 3)];
        Problem {
            name: "wide".into(),
            top: "TopModule".into(),
            interface: Interface { ports },
            event_inputs: Bits::zeros(70),
            source: StimulusSource::TestBench { reactive: true, racy: false },
            comparison: Comparison::EveryStep,
            steps: (0..steps as u64)
                .map(|n| Step {
                    inputs: Bits::from_u64(n.wrapping_mul(0x9e37_79b9), 70),
                    unknown: Bits::from_u64(n & 1, 70),
                    expected: Bits::from_u64(n & 7, 3),
                    care: Bits::ones(3),
                })
                .collect(),
            playback: (steps > 0).then(|| Playback {
                clocks: vec![(1, ClockEdge::Both)],
                assignment: Assignment::Nonblocking,
                trust: BenchTrust::Blind { passes: "zeros".into() },
                from_start: true,
                wakes: (0..steps)
                    .map(|step| Wake {
                        edge: step.checked_sub(2),
                        inputs: Bits::from_u64(step as u64, 70),
                        unknown: Bits::zeros(70),
                        step,
                        event: step % 3 == 0,
                    })
                    .collect(),
            }),
            source_sha256: "00".into(),
        }
    }

    #[test]
    fn what_was_put_is_got() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path());
        assert_eq!(cache.get("00"), None);
        for steps in [0, 300_000] {
            let problem = problem(steps);
            cache.put(&problem).unwrap();
            assert_eq!(cache.get("00"), Some(problem));
        }
    }

    #[test]
    fn damage_is_noticed() {
        let good = encode(&problem(5)).unwrap();
        assert!(decode(&good).is_some());
        for len in 0..good.len() {
            assert_eq!(decode(&good[..len]), None, "cut at {len}");
        }
        // A flipped bit of an expected response would be a wrong verdict.
        for bit in 0..8 * good.len() {
            let mut damaged = good.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn a_damaged_file_counts_as_none() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path());
        let problem = problem(5);
        cache.put(&problem).unwrap();
        let path = cache.path("00");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.get("00"), None);
        cache.put(&problem).unwrap();
        assert_eq!(cache.get("00"), Some(problem));
    }
}
