/// The exact two-sided McNemar test: the chance of a split at least as uneven
/// as `better` against `worse` if both directions were equally likely.
///
/// 1 where nothing changed. Computed with logarithms, so that no number of
/// changes underflows.
pub fn mcnemar(better: u64, worse: u64) -> f64 {
    let changed = better + worse;
    let fewer = better.min(worse);
    // ln of C(changed, i) / 2^changed, from one i to the next.
    let mut ln_term = -(changed as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for i in 0..=fewer {
        tail += ln_term.exp();
        ln_term += ((changed - i) as f64).ln() - ((i + 1) as f64).ln();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_twice_the_binomial_tail() {
        assert_eq!(mcnemar(0, 0), 1.0);
        assert_eq!(mcnemar(3, 3), 1.0);
        // 2 · (1 + 6) / 64 and 2 / 1024.
        assert!((mcnemar(1, 5) - 0.21875).abs() < 1e-12);
        assert!((mcnemar(10, 0) - 2.0 / 1024.0).abs() < 1e-12);
        assert!((mcnemar(5, 1) - mcnemar(1, 5)).abs() < 1e-12);
        // 2^-5000 is no double, the tail is.
        assert!((0.04..0.06).contains(&mcnemar(2430, 2570)), "{}", mcnemar(2430, 2570));
    }
}
