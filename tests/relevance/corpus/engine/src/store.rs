//! The key-value store: memtable, log and runs behind one face.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compaction::{Key, Leveling, Run, Slot};
use crate::wal::{Record, Wal, WalError};

pub struct Options {
    pub memtable_bytes: usize,
    pub sync_every: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { memtable_bytes: 4 << 20, sync_every: 64 }
    }
}

/// A view of the store at one moment. Later writes do not show in it.
#[derive(Clone)]
pub struct Snapshot {
    memtable: Arc<BTreeMap<Key, Slot>>,
    runs: Arc<Vec<Run>>,
}

impl Snapshot {
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        if let Some(slot) = self.memtable.get(key) {
            return slot.clone();
        }
        self.runs.iter().rev().find_map(|run| run.get(key)).cloned().flatten()
    }

    pub fn scan_prefix<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = (Key, Vec<u8>)> + 'a {
        let mut merged: BTreeMap<Key, Slot> = BTreeMap::new();
        for run in self.runs.iter() {
            let start = run.entries.partition_point(|(key, _)| key.as_slice() < prefix);
            for (key, slot) in run.entries[start..].iter().take_while(|(k, _)| k.starts_with(prefix)) {
                merged.insert(key.clone(), slot.clone());
            }
        }
        for (key, slot) in self.memtable.range(prefix.to_vec()..).take_while(|(k, _)| k.starts_with(prefix)) {
            merged.insert(key.clone(), slot.clone());
        }
        merged.into_iter().filter_map(|(key, slot)| slot.map(|value| (key, value)))
    }
}

pub struct Store {
    folder: PathBuf,
    wal: Wal,
    memtable: Arc<BTreeMap<Key, Slot>>,
    memtable_bytes: usize,
    runs: Arc<Vec<Run>>,
    sequence: u64,
    options: Options,
}

impl Store {
    /// Opens a store and brings back what was logged but not yet flushed.
    pub fn open(folder: &Path, options: Options) -> Result<Store, WalError> {
        std::fs::create_dir_all(folder)?;
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if name.starts_with("run-") && path.extension().is_none() {
                runs.push(Run::load(&path)?);
            }
        }
        runs.sort_by_key(Run::age);
        let sequence = runs.iter().map(|run| run.sequence).max().unwrap_or(0);
        let mut wal = Wal::open(&folder.join("log"), options.sync_every)?;
        let mut table = BTreeMap::new();
        wal.replay(|record| match record {
            Record::Put { key, value } => {
                table.insert(key, Some(value));
            }
            Record::Delete { key } => {
                table.insert(key, None);
            }
        })?;
        Ok(Store {
            folder: folder.to_path_buf(),
            wal,
            memtable: Arc::new(table),
            memtable_bytes: 0,
            runs: Arc::new(runs),
            sequence,
            options,
        })
    }

    pub fn put(&mut self, key: Key, value: Vec<u8>) -> Result<(), WalError> {
        self.wal.append(&Record::Put { key: key.clone(), value: value.clone() })?;
        self.memtable_bytes += key.len() + value.len();
        Arc::make_mut(&mut self.memtable).insert(key, Some(value));
        self.flush_if_full()
    }

    pub fn delete(&mut self, key: Key) -> Result<(), WalError> {
        self.wal.append(&Record::Delete { key: key.clone() })?;
        Arc::make_mut(&mut self.memtable).insert(key, None);
        self.flush_if_full()
    }

    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.snapshot().get(key)
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot { memtable: Arc::clone(&self.memtable), runs: Arc::clone(&self.runs) }
    }

    fn flush_if_full(&mut self) -> Result<(), WalError> {
        if self.memtable_bytes < self.options.memtable_bytes {
            return Ok(());
        }
        self.sequence += 1;
        let run = Run::from_memtable(self.sequence, &self.memtable);
        run.save(&self.folder)?;
        Arc::make_mut(&mut self.runs).push(run);
        self.memtable = Arc::new(BTreeMap::new());
        self.memtable_bytes = 0;
        self.wal.reset()?;
        self.maintain()
    }

    fn maintain(&mut self) -> Result<(), WalError> {
        let leveling = Leveling { fanout: 10, base_bytes: 10 << 20 };
        while let Some(level) = leveling.pick(&self.runs) {
            self.sequence += 1;
            let before = self.runs.as_ref().clone();
            let after = leveling.compact(before.clone(), level, self.sequence);
            after.iter().filter(|run| run.sequence == self.sequence).try_for_each(|run| run.save(&self.folder))?;
            let kept: HashSet<u64> = after.iter().map(|run| run.sequence).collect();
            self.runs = Arc::new(after);
            for run in before.iter().filter(|run| !kept.contains(&run.sequence)) {
                run.remove(&self.folder)?;
            }
        }
        Ok(())
    }

    /// Copies a consistent image into another folder while writes go on.
    pub fn backup(&self, target: &Path) -> std::io::Result<usize> {
        std::fs::create_dir_all(target)?;
        let frozen = self.snapshot();
        let mut copy = Wal::open(&target.join("log"), usize::MAX).map_err(|_| std::io::ErrorKind::Other)?;
        let mut count = 0;
        for (key, value) in frozen.scan_prefix(b"") {
            copy.append(&Record::Put { key, value }).map_err(|_| std::io::ErrorKind::Other)?;
            count += 1;
        }
        copy.close().map_err(|_| std::io::ErrorKind::Other)?;
        Ok(count)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
