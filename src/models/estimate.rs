//! What a model takes, from its config alone: numbers, bytes of weights, cache and optimiser.

use super::config::Config;

/// How many numbers the model learns.
pub fn numbers(config: &Config) -> u64 {
    super::build(config).inventory().count()
}
