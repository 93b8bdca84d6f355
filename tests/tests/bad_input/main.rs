//! Bad input, with the real program: each gives one clear error, loses nothing, and stops nothing else.

mod events;
mod folders;
mod keychain;
mod servers;
