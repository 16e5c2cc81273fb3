//! Names, types, parameters: from trees to typed, resolved strategies.

pub mod bounds;
pub mod literals;
pub mod regex;
