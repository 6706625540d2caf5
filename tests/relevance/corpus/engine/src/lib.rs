pub mod compaction;
pub mod store;
pub mod wal;
