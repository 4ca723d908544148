//! A fault that follows a bitstream from board to board.

use crate::boards::Failure;
use filbench_model::{InconclusiveReason, Verdict};

/// Two boards that failed with the same bitstream, if there are two.
pub(crate) fn suspects(failures: &[Failure]) -> Option<[&Failure; 2]> {
    failures.iter().enumerate().find_map(|(index, first)| {
        let followed =
            |second: &&Failure| second.bitstream == first.bitstream && second.board != first.board;
        failures[index..].iter().find(followed).map(|second| [first, second])
    })
}

/// The verdict when both boards have passed their tests.
pub(crate) fn verdict([first, second]: [&Failure; 2]) -> Verdict {
    Verdict::inconclusive(
        InconclusiveReason::Unjudgeable,
        format!(
            "playing this bitstream fails on `{}` ({}) and on `{}` ({}), while the known-good \
             design passes on both",
            first.board, first.fault, second.board, second.fault
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{Fault, FaultPlace};
    use filbench_store::BlobId;

    fn failure(board: &str, bitstream: &str) -> Failure {
        Failure {
            board: board.to_owned(),
            bitstream: BlobId::of(bitstream.as_bytes()),
            fault: Fault::new(FaultPlace::Link, format!("silence of {board}")),
        }
    }

    #[test]
    fn it_takes_one_bitstream_and_two_boards() {
        let (a, b) = (failure("a", "x"), failure("b", "x"));
        assert_eq!(suspects(&[]), None);
        assert_eq!(suspects(&[a.clone(), a.clone()]), None);
        assert_eq!(suspects(&[a.clone(), failure("b", "y")]), None);
        let all = [failure("c", "y"), a.clone(), a.clone(), b.clone()];
        assert_eq!(suspects(&all), Some([&a, &b]));
        let text = verdict([&a, &b]).reason;
        assert!(text.contains("silence of a") && text.contains("silence of b"), "{text}");
    }
}
