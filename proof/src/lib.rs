//! Programs in `src/bin`, tests in `tests`; here is what they share.
