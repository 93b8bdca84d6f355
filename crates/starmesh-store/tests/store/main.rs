//! The store and the vault from outside: real files, several stores, several processes.

mod sqlite;
