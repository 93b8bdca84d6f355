//! Desired and observed mirrors become a plan.
