/// The unbiased estimate of the chance that at least one of `k` samples
/// passes, where `passes` of `samples` did: 1 − C(n−c, k) / C(n, k), as the
/// product 1 − ∏ (1 − k/i) for i from n−c+1 to n, which needs no large numbers
/// (Chen et al., "Evaluating Large Language Models Trained on Code", 2021).
///
/// None where fewer than `k` samples were judged, or `k` is 0, or more pass
/// than there are.
pub fn pass_at_k(samples: u64, passes: u64, k: u64) -> Option<f64> {
    if k == 0 || k > samples || passes > samples {
        return None;
    }
    if samples - passes < k {
        return Some(1.0);
    }
    let none_passes: f64 =
        (samples - passes + 1..=samples).map(|i| 1.0 - k as f64 / i as f64).product();
    Some(1.0 - none_passes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// n choose k, exactly.
    fn choose(n: u64, k: u64) -> u128 {
        (0..k).fold(1, |product, i| product * u128::from(n - i) / u128::from(i + 1))
    }

    proptest! {
        #[test]
        fn it_is_the_combinatorial_definition(n in 1u64..60, c in 0u64..60, k in 1u64..60) {
            prop_assume!(c <= n && k <= n);
            let none = if n - c < k { 0 } else { choose(n - c, k) };
            let expected = 1.0 - none as f64 / choose(n, k) as f64;
            let found = pass_at_k(n, c, k).unwrap();
            prop_assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
        }

        #[test]
        fn it_stays_a_chance_and_grows(n in 1u64..100_000, c in 0u64..1000, k in 1u64..1000) {
            prop_assume!(c < n && k < n);
            let estimate = pass_at_k(n, c, k).unwrap();
            prop_assert!((0.0..=1.0).contains(&estimate));
            prop_assert!(pass_at_k(n, c + 1, k).unwrap() >= estimate);
            prop_assert!(pass_at_k(n, c, k + 1).unwrap() >= estimate - 1e-12);
        }
    }

    #[test]
    fn too_few_samples_give_no_estimate() {
        assert_eq!(pass_at_k(4, 2, 5), None);
        assert_eq!(pass_at_k(4, 2, 0), None);
        assert_eq!(pass_at_k(4, 5, 1), None);
        assert_eq!(pass_at_k(20, 5, 1), Some(0.25));
    }
}
