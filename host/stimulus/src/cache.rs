//! Recorded problems by content.

use crate::RecordError;
use filbench_model::{Bits, Problem, Step};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The first bytes of a file, with the version of its layout.
const MAGIC: &[u8; 8] = b"filbenP1";
/// What a file unpacks to at most.
const BYTES_MAX: usize = 2 << 30;

/// A folder of problems, a file each: [`MAGIC`], then LZ4 over a length (`u32`), that many
/// bytes of JSON (the problem without its steps), and the steps' words, little-endian,
/// each exclusive-or'ed with that of the step before.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
}

impl Cache {
    pub(crate) fn new(root: &Path) -> Self {
        Self { dir: root.join("problems") }
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
            let bytes = encode(problem)?;
            fs::create_dir_all(&self.dir)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
            file.write_all(&bytes)?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|source| RecordError::Cache { path: path.clone(), source })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.dir.join(format!("{key}.problem"))
    }
}

fn encode(problem: &Problem) -> io::Result<Vec<u8>> {
    let header = serde_json::to_vec(&Problem { steps: Vec::new(), ..without_steps(problem) })?;
    let length = u32::try_from(header.len()).map_err(io::Error::other)?;
    let mut plain = length.to_le_bytes().to_vec();
    plain.extend(header);
    let mut before: Vec<u64> = Vec::new();
    for step in &problem.steps {
        let words: Vec<u64> = [&step.inputs, &step.unknown, &step.expected, &step.care]
            .into_iter()
            .flat_map(|bits| bits.words().iter().copied())
            .collect();
        before.resize(words.len(), 0);
        for (word, old) in words.iter().zip(&before) {
            plain.extend((word ^ old).to_le_bytes());
        }
        before = words;
    }
    let mut out = MAGIC.to_vec();
    out.extend(lz4_flex::compress_prepend_size(&plain));
    Ok(out)
}

fn without_steps(problem: &Problem) -> Problem {
    Problem {
        name: problem.name.clone(),
        top: problem.top.clone(),
        interface: problem.interface.clone(),
        event_inputs: problem.event_inputs.clone(),
        source: problem.source.clone(),
        comparison: problem.comparison,
        steps: Vec::new(),
        source_sha256: problem.source_sha256.clone(),
    }
}

fn decode(bytes: &[u8]) -> Option<Problem> {
    let packed = bytes.strip_prefix(MAGIC)?;
    let (size, _) = lz4_flex::block::uncompressed_size(packed).ok()?;
    if size > BYTES_MAX {
        return None;
    }
    let plain = lz4_flex::decompress_size_prepended(packed).ok()?;
    let (length, rest) = plain.split_first_chunk::<4>()?;
    let (header, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let mut problem: Problem = serde_json::from_slice(header).ok()?;

    let (ni, no) = (problem.interface.input_bits(), problem.interface.output_bits());
    let lengths = [ni, ni, no, no];
    let per_step = lengths.iter().map(|len| len.div_ceil(64)).sum::<usize>();
    if per_step == 0 || rest.len() % (8 * per_step) != 0 {
        return None;
    }
    let mut words = vec![0u64; per_step];
    problem.steps.reserve(rest.len() / (8 * per_step));
    for chunk in rest.chunks_exact(8 * per_step) {
        for (word, bytes) in words.iter_mut().zip(chunk.as_chunks::<8>().0) {
            *word ^= u64::from_le_bytes(*bytes);
        }
        let mut at = 0;
        let mut next = |len: usize| {
            let end = at + len.div_ceil(64);
            let bits = Bits::from_words(words[at..end].to_vec(), len);
            at = end;
            bits
        };
        problem.steps.push(Step {
            inputs: next(ni)?,
            unknown: next(ni)?,
            expected: next(no)?,
            care: next(no)?,
        });
    }
    problem.check().is_ok().then_some(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{Comparison, Direction, Interface, Port, StimulusSource};

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
            source_sha256: "00".into(),
        }
    }

    #[test]
    fn what_was_put_is_got() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path());
        assert_eq!(cache.get("00"), None);
        let problem = problem(300_000);
        cache.put(&problem).unwrap();
        assert_eq!(cache.get("00"), Some(problem));
    }

    #[test]
    fn damage_is_noticed() {
        let good = encode(&problem(5)).unwrap();
        assert!(decode(&good).is_some());
        for len in 0..good.len() {
            assert_eq!(decode(&good[..len]), None, "cut at {len}");
        }
    }
}
