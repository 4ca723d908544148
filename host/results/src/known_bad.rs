//! Problems of public suites that are known to be bad: data, with reasons.

use serde::{Deserialize, Serialize};

/// The lists that come with filbench.
const SHIPPED: &str = include_str!("../data/known-bad.toml");

/// One problem that says little or nothing about a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownBadProblem {
    /// The suite's name in the list.
    pub suite: String,
    /// The problem's name in the suite.
    pub problem: String,
    /// What is wrong with it, and how that is known.
    pub reason: String,
}

/// Problems to leave out of the statistics. Nothing is left out unasked, and
/// every report shows what was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownBad {
    /// In the order of the list.
    #[serde(rename = "problem")]
    pub problems: Vec<KnownBadProblem>,
}

/// A list of known-bad problems that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KnownBadError {
    /// No list of that name.
    #[error(
        "there is no known-bad list of a suite `{suite}`; there are: {known}. A file works too"
    )]
    UnknownSuite {
        /// As asked.
        suite: String,
        /// The names that are accepted.
        known: String,
    },
    /// A file that is no list.
    #[error(
        "this is no known-bad list; it has to hold `[[problem]]` with suite, problem and reason"
    )]
    Form {
        /// Why not.
        #[from]
        source: toml::de::Error,
    },
}

impl KnownBad {
    /// The shipped list of `suite`.
    pub fn shipped(suite: &str) -> Result<Self, KnownBadError> {
        let mut list = Self::parse(SHIPPED)?;
        let mut known: Vec<String> = list.problems.iter().map(|bad| bad.suite.clone()).collect();
        list.problems.retain(|bad| bad.suite == suite);
        if list.problems.is_empty() {
            known.dedup();
            return Err(KnownBadError::UnknownSuite {
                suite: suite.to_owned(),
                known: known.join(", "),
            });
        }
        Ok(list)
    }

    /// A list of one's own, in the form of `host/results/data/known-bad.toml`.
    pub fn parse(text: &str) -> Result<Self, KnownBadError> {
        Ok(toml::from_str(text)?)
    }

    /// The entry of `problem`, if it has one.
    pub fn find(&self, problem: &str) -> Option<&KnownBadProblem> {
        self.problems.iter().find(|bad| bad.problem == problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_lists_are_found_by_suite() {
        let list = KnownBad::shipped("verilog-eval-v2").unwrap();
        assert!(list.find("Prob066_edgecapture").unwrap().reason.contains("racy"));
        assert!(list.find("radix2_div").is_none());
        let error = KnownBad::shipped("verilog").unwrap_err().to_string();
        assert!(error.contains("there are: verilog-eval-v2, rtllm-2"), "{error}");
        assert!(KnownBad::parse("[[problem]]\nsuite = \"mine\"\n").is_err());
    }
}
