//! Embeddings: tables as inputs and as weights, shared tables, residuals.

use griot::kernels::embed::buckets;
use griot::ops::Embed;

use crate::probe::Probe;

#[test]
fn tables_and_residuals_get_their_gradients() {
    let ids = [3, 0, 3, 1, 3, 5];
    Probe::new(&[&[6, 5], &[6, 5]], |g, v, ids| {
        let once =
            g.one(Embed { scale: 1.5, residual: true, trained: true, blank: None }, &[ids[0], v[0], v[1], ids[1]])?;
        let alone =
            g.one(Embed { scale: 1.0, residual: false, trained: true, blank: None }, &[ids[0], v[0], ids[1]])?;
        // The table once more, on top of the sum: its gradient adds up in place.
        let tied =
            g.one(Embed { scale: -0.5, residual: true, trained: true, blank: None }, &[ids[0], v[0], once, ids[1]])?;
        Ok(vec![alone, tied])
    })
    .ids(&ids)
    .ids(&buckets(&ids))
    .check();
}
