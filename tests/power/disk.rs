//! A disk in memory that remembers every write and every flush, so that it can be had as a power cut leaves it.
//!
//! What a disk promises: a write that was answered before a flush was asked for is there once the flush is answered.
//! Nothing else: what was written since the last flush may be there, in part, or not, in any order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::random::Random;

/// What a disk writes as a whole or not at all.
const SECTOR: usize = 512;
/// ext4 takes for granted that its superblock, which lies in here, is written as a whole.
const SUPERBLOCK: u64 = 4096;
const PAGE: usize = 4096;

/// The content of a disk. Cheap to clone: pages are shared until one of the two writes.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    bytes: u64,
    pages: HashMap<u64, Arc<[u8]>>,
}

impl Image {
    /// All zeros.
    pub(crate) fn new(bytes: u64) -> Self {
        Self { bytes, pages: HashMap::new() }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let length = length.min(usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX));
        let mut found = vec![0; length];
        for (page, within, at, taken) in spans(offset, length) {
            if let Some(page) = self.pages.get(&page) {
                found[at..at + taken].copy_from_slice(&page[within..within + taken]);
            }
        }
        found
    }

    /// Leaves it in a file, for whoever wants to mount it and look.
    pub(crate) fn save(&self, path: &std::path::Path) -> std::io::Result<()> {
        use std::os::unix::fs::FileExt;
        let file = std::fs::File::create(path)?;
        file.set_len(self.bytes)?;
        self.pages.iter().try_for_each(|(page, bytes)| file.write_all_at(bytes, page * PAGE as u64))
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) {
        for (page, within, at, taken) in spans(offset, bytes.len()) {
            let page = self.pages.entry(page).or_insert_with(|| Arc::from([0; PAGE].as_slice()));
            Arc::make_mut(page)[within..within + taken].copy_from_slice(&bytes[at..at + taken]);
        }
    }
}

/// The pages that a range touches: page, offset in it, offset in the range, length.
fn spans(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == length {
            return None;
        }
        let position = offset + at as u64;
        let within = (position % PAGE as u64) as usize;
        let taken = (PAGE - within).min(length - at);
        let span = (position / PAGE as u64, within, at, taken);
        at += taken;
        Some(span)
    })
}

/// What was asked of a disk.
#[derive(Debug, Clone)]
enum Event {
    Write { offset: u64, bytes: Arc<[u8]> },
    Flush,
}

/// A moment in the life of a disk: how many events it had seen.
pub(crate) type Position = usize;

/// A disk. Clones are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// As it was before the log began.
    before: Image,
    now: Image,
    log: Vec<Event>,
    written: u64,
    failing: bool,
}

impl Disk {
    pub(crate) fn new(image: Image) -> Self {
        let state = State { before: image.clone(), now: image, log: Vec::new(), written: 0, failing: false };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the disk")
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.state().now.bytes()
    }

    pub(crate) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        self.state().now.read(offset, length)
    }

    /// Answers whether it was written: a broken disk writes nothing.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> bool {
        let mut state = self.state();
        if state.failing {
            return false;
        }
        state.now.write(offset, bytes);
        state.written += bytes.len() as u64;
        state.log.push(Event::Write { offset, bytes: bytes.into() });
        true
    }

    /// Answers whether it was flushed.
    pub(crate) fn flush(&self) -> bool {
        let mut state = self.state();
        if !state.failing {
            state.log.push(Event::Flush);
        }
        !state.failing
    }

    /// From now on nothing can be written to it, or it can again.
    pub(crate) fn fails(&self, failing: bool) {
        self.state().failing = failing;
    }

    /// Now. What has come true by now must survive every cut from here on.
    pub(crate) fn position(&self) -> Position {
        self.state().log.len()
    }

    /// How many bytes were ever written.
    pub(crate) fn written(&self) -> u64 {
        self.state().written
    }

    /// Ends the recording and hands it over, to be cut.
    pub(crate) fn recording(&self) -> Recording {
        let mut state = self.state();
        let (safe, log) = (state.before.clone(), std::mem::take(&mut state.log));
        state.before = state.now.clone();
        Recording { safe, done: 0, log }
    }
}

/// What a power cut does with what was written since the last flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing of it is there.
    All,
    /// It is there up to some moment.
    After,
    /// Any half of the writes is there: later ones without earlier ones.
    Half,
    /// Almost every write is there.
    Few,
    /// Any half of the sectors is there: writes are torn.
    Torn,
}

impl Loss {
    pub(crate) const ALL: [Self; 5] = [Self::All, Self::After, Self::Half, Self::Few, Self::Torn];
}

/// All that was asked of a disk, to be cut at moments in ascending order.
#[derive(Debug)]
pub(crate) struct Recording {
    /// All before `done`.
    safe: Image,
    done: Position,
    log: Vec<Event>,
}

/// A disk after a power cut.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) image: Image,
    /// How many writes no flush had covered, and how many of those are there, whole or in part.
    pub(crate) in_doubt: (usize, usize),
}

impl Recording {
    pub(crate) fn flushes(&self) -> usize {
        self.log.iter().filter(|event| matches!(event, Event::Flush)).count()
    }

    /// The most bytes that were ever written between two flushes, from a moment on.
    pub(crate) fn most_unflushed(&self, from: Position) -> u64 {
        let (mut most, mut open) = (0, 0);
        for event in &self.log[from..] {
            match event {
                Event::Write { bytes, .. } => open += bytes.len() as u64,
                Event::Flush => open = 0,
            }
            most = most.max(open);
        }
        most
    }

    pub(crate) fn writes(&self) -> usize {
        self.log.len() - self.flushes()
    }

    /// So many moments from one on, ascending: half of them at random, half just before a flush, when most is at stake.
    pub(crate) fn moments(&self, from: Position, count: usize, random: &mut Random) -> Vec<Position> {
        let before_a_flush: Vec<Position> =
            (from..self.log.len()).filter(|at| matches!(self.log[*at], Event::Flush)).collect();
        let span = (self.log.len() - from).max(1);
        let mut moments: Vec<Position> = (0..count)
            .map(|cut| match before_a_flush.as_slice() {
                flushes @ [_, ..] if cut % 2 == 1 => flushes[random.below(flushes.len())],
                _ => from + random.below(span),
            })
            .collect();
        moments.sort_unstable();
        moments
    }

    /// The disk after a cut at a moment, which is not before the one of the last call.
    pub(crate) fn cut(&mut self, at: Position, loss: Loss, random: &mut Random) -> Cut {
        assert!(at >= self.done, "the disk is cut at ascending moments");
        let flushed = (self.done..at).rev().find(|event| matches!(self.log[*event], Event::Flush));
        if let Some(flush) = flushed {
            for event in &self.log[self.done..flush] {
                if let Event::Write { offset, bytes } = event {
                    self.safe.write(*offset, bytes);
                }
            }
            self.done = flush + 1;
        }
        let mut image = self.safe.clone();
        let tail = &self.log[self.done..at];
        let mut kept = 0;
        let until = random.below(tail.len() + 1);
        for (n, event) in tail.iter().enumerate() {
            let Event::Write { offset, bytes } = event else { continue };
            let whole = match loss {
                Loss::All => false,
                Loss::After => n < until,
                Loss::Half => random.percent(50),
                Loss::Few => random.percent(90),
                Loss::Torn => {
                    let mut any = false;
                    let sector = if *offset < SUPERBLOCK { SUPERBLOCK as usize } else { SECTOR };
                    for (number, bytes) in bytes.chunks(sector).enumerate() {
                        if random.percent(50) {
                            image.write(offset + (number * sector) as u64, bytes);
                            any = true;
                        }
                    }
                    kept += usize::from(any);
                    false
                }
            };
            if whole {
                image.write(*offset, bytes);
                kept += 1;
            }
        }
        Cut { image, in_doubt: (tail.len(), kept) }
    }
}
