//! A matrix in stretches of rows that the device can bind, each beginning where a binding may begin.

use crate::device::{ALIGNMENT, Limits};
use crate::kernels::Format;
use crate::plan::Operand;

/// How many rows of `width` numbers one binding takes: all of them, or a number that keeps the next stretch aligned, and
/// what lies beside the matrix with one number a row.
pub(super) fn rows_in_one(rows: usize, width: usize, format: Format, limits: Limits) -> usize {
    let (numbers, apart) = (limits.binding_words * format.in_word(), ALIGNMENT * format.in_word());
    if rows * width <= numbers {
        return rows.max(1);
    }
    let most = numbers / width.max(1);
    (most - most % apart).max(apart)
}

/// Stretches of a matrix (rows, width): the first row of each, and its part of the operand.
pub(super) fn parts(matrix: Operand, rows: usize, width: usize, limits: Limits) -> Vec<(usize, Operand)> {
    let each = rows_in_one(rows, width, matrix.format, limits);
    let firsts = (0..rows.max(1)).step_by(each);
    firsts.map(|first| (first, matrix.part(first * width, each.min(rows - first.min(rows)) * width))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Class;
    use crate::plan::ValueId;

    #[test]
    fn stretches_cover_the_matrix_begin_aligned_and_fit() {
        let limits = Limits { binding_words: 1000, buffer_words: 1 << 20, class: Class::Cpu };
        for (rows, width, format) in [
            (1, 1, Format::F32),
            (7, 100, Format::F32),
            (500, 12, Format::F32),
            (333, 15, Format::F32),
            (64, 64, Format::F32),
            (333, 14, Format::F16),
            (500, 12, Format::F16),
        ] {
            let matrix = Operand { value: ValueId(0), offset: 0, words: format.words(rows * width), format };
            let parts = parts(matrix, rows, width, limits);
            let mut next = 0;
            for (first, part) in &parts {
                let offset = part.offset * format.in_word();
                assert_eq!((*first, part.offset % ALIGNMENT, offset), (next, 0, first * width));
                next += part.numbers() / width;
            }
            assert_eq!(next, rows);
            assert!(width == 64 || parts.iter().all(|(_, part)| part.words <= 1000), "{rows} x {width}");
        }
    }
}
