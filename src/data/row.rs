//! One row of a batch: ids with what is to be predicted from them.
//!
//! Objectives make rows, a batch pads them together. What a row does not need is empty. It refuses to know texts and models.

/// The target that is not counted.
pub const IGNORED: u32 = u32::MAX;

/// One row of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// What the only stack reads, or the decoder.
    pub ids: Vec<u32>,
    /// For each id what is to be predicted there, or [`IGNORED`]; empty where nothing is, or not yet.
    pub targets: Vec<u32>,
    /// For each id its place in its document.
    pub positions: Vec<u32>,
    /// For each id the number of its document in the row, from 1.
    pub segments: Vec<u32>,
    /// For each id its type; empty where all are 0.
    pub types: Vec<u32>,
    /// What the encoder reads, where there are two stacks.
    pub source: Vec<u32>,
    /// First and last place of the answer, where one is to be found.
    pub answer: Option<[u32; 2]>,
    /// A number for each label, where labels do not exclude each other or are values.
    pub values: Vec<f32>,
    /// For each id the word that it is a piece of, -1 for none; only where whole words may be masked.
    pub words: Vec<i32>,
}

impl Row {
    /// One document in one row, whose places count from `first`.
    pub fn new(ids: Vec<u32>, targets: Vec<u32>, first: u32) -> Row {
        let places = ids.len() as u32;
        Row {
            positions: (first..first + places).collect(),
            segments: vec![1; ids.len()],
            ids,
            targets,
            ..Row::default()
        }
    }
}
