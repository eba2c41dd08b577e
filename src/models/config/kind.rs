//! What kinds there are: model types, tasks, what labels mean. Names in, kinds out, and back; nothing else is known here.

/// The `model_type`s that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelType {
    /// GPT-2.
    Gpt2,
    /// LLaMA and what is built alike.
    Llama,
    /// Mistral: LLaMA with a sliding window.
    Mistral,
    /// Qwen 2: LLaMA with biases on queries, keys and values.
    Qwen2,
    /// Qwen 3: LLaMA with norms on queries and keys.
    Qwen3,
    /// Gemma.
    Gemma,
    /// Gemma 2.
    Gemma2,
    /// Gemma 3, the text part.
    Gemma3Text,
    /// BERT.
    Bert,
    /// DistilBERT.
    DistilBert,
    /// RoBERTa.
    Roberta,
    /// CamemBERT: RoBERTa in French.
    Camembert,
    /// FlauBERT.
    Flaubert,
    /// T5, versions 1.0 and 1.1.
    T5,
    /// Marian: the encoder-decoder of Vaswani et al. 2017.
    Marian,
}

impl ModelType {
    /// Every model type.
    pub const ALL: [ModelType; 15] = [
        ModelType::Gpt2,
        ModelType::Llama,
        ModelType::Mistral,
        ModelType::Qwen2,
        ModelType::Qwen3,
        ModelType::Gemma,
        ModelType::Gemma2,
        ModelType::Gemma3Text,
        ModelType::Bert,
        ModelType::DistilBert,
        ModelType::Roberta,
        ModelType::Camembert,
        ModelType::Flaubert,
        ModelType::T5,
        ModelType::Marian,
    ];

    /// Its name in `config.json`.
    pub fn name(self) -> &'static str {
        match self {
            ModelType::Gpt2 => "gpt2",
            ModelType::Llama => "llama",
            ModelType::Mistral => "mistral",
            ModelType::Qwen2 => "qwen2",
            ModelType::Qwen3 => "qwen3",
            ModelType::Gemma => "gemma",
            ModelType::Gemma2 => "gemma2",
            ModelType::Gemma3Text => "gemma3_text",
            ModelType::Bert => "bert",
            ModelType::DistilBert => "distilbert",
            ModelType::Roberta => "roberta",
            ModelType::Camembert => "camembert",
            ModelType::Flaubert => "flaubert",
            ModelType::T5 => "t5",
            ModelType::Marian => "marian",
        }
    }

    /// What a model of this type does when nobody says otherwise.
    pub fn usual_task(self) -> Task {
        match self {
            ModelType::T5 | ModelType::Marian => Task::Seq2seq,
            ModelType::Bert
            | ModelType::DistilBert
            | ModelType::Roberta
            | ModelType::Camembert
            | ModelType::Flaubert => Task::Masked,
            _ => Task::Causal,
        }
    }
}

/// What a model is for: which head it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Predicts the next token.
    Causal,
    /// Predicts masked tokens.
    Masked,
    /// Predicts one text from another.
    Seq2seq,
    /// One label, or several, for a row.
    Classify,
    /// One label for each token.
    Tag,
    /// Start and end of an answer.
    Answer,
    /// No head.
    Embed,
}

impl Task {
    /// Every task.
    pub const ALL: [Task; 7] =
        [Task::Causal, Task::Masked, Task::Seq2seq, Task::Classify, Task::Tag, Task::Answer, Task::Embed];

    /// Its public name.
    pub fn name(self) -> &'static str {
        match self {
            Task::Causal => "causal",
            Task::Masked => "masked",
            Task::Seq2seq => "seq2seq",
            Task::Classify => "classify",
            Task::Tag => "tag",
            Task::Answer => "answer",
            Task::Embed => "embed",
        }
    }
}

/// What a classifier's labels mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// One label of several.
    SingleLabel,
    /// Each label is there or not.
    MultiLabel,
    /// A number for each label.
    Regression,
}
