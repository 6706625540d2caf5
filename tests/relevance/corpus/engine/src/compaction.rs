//! Sorted runs on disk, and the merging that keeps them few.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

pub type Key = Vec<u8>;
/// None is a tombstone: the key was deleted, and older runs may still have it.
pub type Slot = Option<Vec<u8>>;

#[derive(Debug, Clone)]
pub struct Run {
    pub level: usize,
    pub sequence: u64,
    pub entries: Vec<(Key, Slot)>,
}

impl Run {
    pub fn from_memtable(sequence: u64, table: &BTreeMap<Key, Slot>) -> Run {
        let entries = table.iter().map(|(key, slot)| (key.clone(), slot.clone())).collect();
        Run { level: 0, sequence, entries }
    }

    pub fn get(&self, key: &[u8]) -> Option<&Slot> {
        let at = self.entries.binary_search_by(|(k, _)| k.as_slice().cmp(key)).ok()?;
        Some(&self.entries[at].1)
    }

    pub fn size(&self) -> usize {
        self.entries.iter().map(|(k, v)| k.len() + v.as_ref().map_or(0, Vec::len)).sum()
    }

    fn file_in(&self, folder: &Path) -> PathBuf {
        folder.join(format!("run-{:02}-{:012}", self.level, self.sequence))
    }

    /// Writes the run beside its final name first, so that a crash leaves no half of one.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        let target = self.file_in(folder);
        let partial = target.with_extension("partial");
        let mut out = BufWriter::new(File::create(&partial)?);
        for (key, slot) in &self.entries {
            out.write_all(&(key.len() as u32).to_le_bytes())?;
            let length = slot.as_ref().map_or(u32::MAX, |value| value.len() as u32);
            out.write_all(&length.to_le_bytes())?;
            out.write_all(key)?;
            out.write_all(slot.as_deref().unwrap_or_default())?;
        }
        out.into_inner()?.sync_all()?;
        fs::rename(partial, target)
    }

    pub fn load(path: &Path) -> io::Result<Run> {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let mut numbers = name.split('-').skip(1).map(|part| part.parse::<u64>());
        let (Some(Ok(level)), Some(Ok(sequence))) = (numbers.next(), numbers.next()) else {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("{name} is not a run")));
        };
        let mut reader = BufReader::new(File::open(path)?);
        let mut entries = Vec::new();
        let mut lengths = [0u8; 8];
        while reader.read_exact(&mut lengths).is_ok() {
            let key_length = u32::from_le_bytes(lengths[..4].try_into().unwrap());
            let value_length = u32::from_le_bytes(lengths[4..].try_into().unwrap());
            let mut key = vec![0; key_length as usize];
            reader.read_exact(&mut key)?;
            let slot = if value_length == u32::MAX {
                None
            } else {
                let mut value = vec![0; value_length as usize];
                reader.read_exact(&mut value)?;
                Some(value)
            };
            entries.push((key, slot));
        }
        Ok(Run { level: level as usize, sequence, entries })
    }

    pub fn remove(&self, folder: &Path) -> io::Result<()> {
        fs::remove_file(self.file_in(folder))
    }

    /// Sorts the oldest content first: what lies deeper is older, whenever it was merged.
    pub fn age(&self) -> (Reverse<usize>, u64) {
        (Reverse(self.level), self.sequence)
    }

    fn overlaps(&self, other: &Run) -> bool {
        match (self.entries.first(), self.entries.last(), other.entries.first(), other.entries.last()) {
            (Some(a), Some(b), Some(c), Some(d)) => a.0 <= d.0 && c.0 <= b.0,
            _ => false,
        }
    }
}

pub struct Leveling {
    pub fanout: usize,
    pub base_bytes: usize,
}

impl Leveling {
    /// Which level is most over its budget, if any is.
    pub fn pick(&self, runs: &[Run]) -> Option<usize> {
        let deepest = runs.iter().map(|run| run.level).max()?;
        let mut worst = None;
        let mut worst_ratio = 1.0;
        for level in 0..=deepest {
            let here: Vec<&Run> = runs.iter().filter(|run| run.level == level).collect();
            let ratio = if level == 0 {
                here.len() as f64 / 4.0
            } else {
                let budget = self.base_bytes * self.fanout.pow(level as u32);
                here.iter().map(|run| run.size()).sum::<usize>() as f64 / budget as f64
            };
            if ratio > worst_ratio {
                worst = Some(level);
                worst_ratio = ratio;
            }
        }
        worst
    }

    /// Merges a level into the one below it. Deletions are dropped for good only where
    /// nothing older can come to light again.
    pub fn compact(&self, runs: Vec<Run>, level: usize, sequence: u64) -> Vec<Run> {
        let (upper, rest): (Vec<Run>, Vec<Run>) =
            runs.into_iter().partition(|run| run.level == level);
        let (touched, mut kept): (Vec<Run>, Vec<Run>) = rest.into_iter().partition(|run| {
            run.level == level + 1 && upper.iter().any(|source| source.overlaps(run))
        });
        let deepest = !kept.iter().any(|run| run.level > level + 1);
        let inputs: Vec<Run> = upper.into_iter().chain(touched).collect();
        let entries = merge(&inputs, deepest);
        kept.push(Run { level: level + 1, sequence, entries });
        kept.sort_by_key(Run::age);
        kept
    }
}

/// A k-way merge in which the newest run wins where several have the same key.
pub fn merge(runs: &[Run], drop_tombstones: bool) -> Vec<(Key, Slot)> {
    let mut heap = BinaryHeap::new();
    for (index, run) in runs.iter().enumerate() {
        if let Some((key, _)) = run.entries.first() {
            heap.push(Reverse((key.clone(), Reverse(run.sequence), index, 0usize)));
        }
    }
    let mut out: Vec<(Key, Slot)> = Vec::new();
    let mut last: Option<Key> = None;
    while let Some(Reverse((key, _, index, at))) = heap.pop() {
        if let Some((next, _)) = runs[index].entries.get(at + 1) {
            heap.push(Reverse((next.clone(), Reverse(runs[index].sequence), index, at + 1)));
        }
        if last.as_ref() == Some(&key) {
            continue;
        }
        let slot = runs[index].entries[at].1.clone();
        if slot.is_some() || !drop_tombstones {
            out.push((key.clone(), slot));
        }
        last = Some(key);
    }
    out
}
