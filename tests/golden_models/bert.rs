//! BERT with each of its heads, and DistilBERT.

use crate::rig::check;

#[test]
fn bert_predicts_masked_tokens_as_the_reference() {
    check("bert-mlm", false);
}

#[test]
fn distilbert_predicts_masked_tokens_as_the_reference() {
    check("distilbert-mlm", false);
}

#[test]
fn bert_labels_rows_as_the_reference() {
    check("bert-seqcls", false);
}

#[test]
fn bert_labels_tokens_as_the_reference() {
    check("bert-tokcls", false);
}
