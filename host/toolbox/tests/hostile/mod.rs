//! Input that means harm, from the suites that the whole chain is tested with.

/// A candidate of the repository's hostile suite, as text.
macro_rules! hostile {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/suites/hostile/candidates/Prob001_accumulator/",
            $name,
            ".sv"
        ))
    };
}
