//! The store and the vault from outside: real files, several stores, several processes.

#[cfg(test)]
mod lock;
#[cfg(test)]
mod sqlite;
