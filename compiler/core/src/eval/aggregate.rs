//! Aggregates over a sliding window: every value that enters is taken out again when its event leaves.

use std::collections::BTreeMap;

use super::arithmetic::{Quantity, exact};
use super::value::{Value, float};
use crate::plan::{Aggregate, Field, Type};

/// The values of one field in a window.
#[derive(Debug, Clone)]
pub struct Tally {
    /// The field's type.
    ty: Type,
    /// How often each value is there.
    values: BTreeMap<Value, u64>,
    /// How many there are.
    count: u64,
    /// The sum of whole numbers. It cannot overflow: 2^64 values of 2^63 fit.
    whole: i128,
    /// The sum of doubles.
    real: ExactSum,
}

impl Tally {
    /// A tally of no values.
    pub fn new(field: &Field) -> Self {
        let ty = field.ty.scalar().clone();
        Self { ty, values: BTreeMap::new(), count: 0, whole: 0, real: ExactSum::default() }
    }

    /// A value that enters the window.
    pub fn add(&mut self, value: &Value) {
        *self.values.entry(value.clone()).or_default() += 1;
        self.count += 1;
        match value {
            Value::Int(i) | Value::Time(i) => self.whole += i128::from(*i),
            Value::Float(x) => self.real.add(x.0),
            Value::Bool(_) | Value::Ip(_) | Value::Text(_) => {}
        }
    }

    /// A value that leaves the window.
    pub fn remove(&mut self, value: &Value) {
        if let Some(times) = self.values.get_mut(value) {
            *times -= 1;
            if *times == 0 {
                self.values.remove(value);
            }
        }
        self.count -= 1;
        match value {
            Value::Int(i) | Value::Time(i) => self.whole -= i128::from(*i),
            Value::Float(x) => self.real.add(-x.0),
            Value::Bool(_) | Value::Ip(_) | Value::Text(_) => {}
        }
        if self.real.overflowed() {
            self.real = ExactSum::default();
            for (value, times) in &self.values {
                if let Value::Float(x) = value {
                    (0..*times).for_each(|_| self.real.add(x.0));
                }
            }
        }
    }

    /// An aggregate; none where it is missing.
    pub fn measure(&self, measure: Measure) -> Option<Quantity<'_>> {
        match measure {
            Measure::Distinct => i64::try_from(self.values.len()).ok().map(Quantity::Int),
            Measure::Min => self.values.first_key_value().map(|(value, _)| Quantity::of_value(value, &self.ty)),
            Measure::Max => self.values.last_key_value().map(|(value, _)| Quantity::of_value(value, &self.ty)),
            Measure::Sum if self.count == 0 => None,
            Measure::Sum => match self.ty {
                Type::Int | Type::Port => exact(self.whole).map(Quantity::Int),
                Type::Duration => i64::try_from(self.whole).ok().map(Quantity::Duration),
                Type::Float => self.real.total().map(Quantity::Float),
                _ => None,
            },
            Measure::Avg if self.count == 0 => None,
            Measure::Avg => self.average(),
        }
    }

    fn average(&self) -> Option<Quantity<'_>> {
        #[expect(clippy::cast_precision_loss, reason = "an average is a double")]
        let (whole, count) = (self.whole as f64, self.count as f64);
        let mean = self.whole.div_euclid(i128::from(self.count));
        match self.ty {
            Type::Int | Type::Port => float(whole / count).map(Quantity::Float),
            Type::Float => self.real.total().and_then(|sum| float(sum / count)).map(Quantity::Float),
            Type::Duration => i64::try_from(mean).ok().map(Quantity::Duration),
            Type::Datetime => i64::try_from(mean).ok().map(Quantity::Time),
            _ => None,
        }
    }
}

/// What is asked of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// How many different ones.
    Distinct,
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Their mean.
    Avg,
}

impl Measure {
    /// The measure and the field of an aggregate; none for `count()`.
    pub const fn of(aggregate: &Aggregate) -> Option<(Self, &Field)> {
        match aggregate {
            Aggregate::Count => None,
            Aggregate::Distinct(field) => Some((Self::Distinct, field)),
            Aggregate::Sum(field) => Some((Self::Sum, field)),
            Aggregate::Min(field) => Some((Self::Min, field)),
            Aggregate::Max(field) => Some((Self::Max, field)),
            Aggregate::Avg(field) => Some((Self::Avg, field)),
        }
    }
}

/// An exact sum of doubles, rounded once when it is asked for, so that neither the order of the values nor what has left
/// the window again changes it: doubles of falling magnitude that do not overlap and add up to it (Shewchuk, "Adaptive
/// Precision Floating-Point Arithmetic", 1997).
#[derive(Debug, Clone, Default)]
struct ExactSum {
    /// Smallest first.
    parts: Vec<f64>,
}

impl ExactSum {
    fn add(&mut self, value: f64) {
        let mut carry = value;
        self.parts.retain_mut(|part| {
            let (large, small) = if carry.abs() < part.abs() { (*part, carry) } else { (carry, *part) };
            carry = large + small;
            *part = small - (carry - large);
            *part != 0.0
        });
        self.parts.push(carry);
    }

    fn overflowed(&self) -> bool {
        self.parts.iter().any(|part| !part.is_finite())
    }

    /// The double nearest to the sum; none if it overflowed.
    fn total(&self) -> Option<f64> {
        let mut parts = self.parts.iter().rev().copied();
        let mut sum = parts.next().unwrap_or(0.0);
        while let Some(part) = parts.next() {
            let before = sum;
            sum = before + part;
            let lost = part - (sum - before);
            if lost != 0.0 {
                // Half-way cases go the way of what is smaller still.
                let below = parts.next().unwrap_or(0.0);
                if lost.is_sign_negative() == below.is_sign_negative() && below != 0.0 {
                    let doubled = lost * 2.0;
                    let other = sum + doubled;
                    if other - sum == doubled {
                        sum = other;
                    }
                }
                break;
            }
        }
        float(sum)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ExactSum;

    fn sum(values: &[f64]) -> Option<f64> {
        let mut sum = ExactSum::default();
        values.iter().for_each(|value| sum.add(*value));
        sum.total()
    }

    #[test]
    fn sums_of_doubles_are_exact() {
        assert_eq!(sum(&[0.1; 10]), Some(1.0));
        assert_eq!(sum(&[1e100, 1.0, -1e100]), Some(1.0));
        assert_eq!(sum(&[1.0, 1e-16, 1e-16]), Some(1.000_000_000_000_000_2));
        assert_eq!(sum(&[1e308, 1e308]), None);
        assert_eq!(sum(&[]), Some(0.0));
    }

    proptest! {
        #[test]
        fn what_leaves_a_sum_leaves_no_trace(kept in prop::collection::vec(-1e9..1e9f64, 0..20),
                                             passing in prop::collection::vec(-1e18..1e18f64, 0..20)) {
            let mut all = ExactSum::default();
            kept.iter().chain(&passing).for_each(|value| all.add(*value));
            passing.iter().for_each(|value| all.add(-value));
            prop_assert_eq!(all.total(), sum(&kept));
        }
    }
}
