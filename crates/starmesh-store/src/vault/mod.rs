//! Where keys and passwords live.
