"""Makes the stored models of this folder: tiny random draws of families and options that `../models` lacks.

    python make.py [case ...]

In: nothing but the table below. Out: for each case a folder with config.json and model.safetensors as save_pretrained writes them,
expected.safetensors (in.*, out.*, for causal models leftpad.*), grads.safetensors, expected.json (loss, greedy sequences).
Made with torch 2.15.0 (CPU, one thread, float32) and transformers 5.23.0 (the untied, capped and silu ones and t5-buckets: 5.24.0) with eager attention. Conventions and tolerances are those of
../README.md. A draw is repeated with another seed until no greedy decision is a near tie.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
V, T, LENGTHS = 48, 14, [14, 9, 5]

DECODER = dict(vocab_size=V, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
               head_dim=8, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2, attention_dropout=0.0)
ENCODER = dict(vocab_size=V, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=32,
               hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
ROBERTA = dict(ENCODER, pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1)
FLAUBERT = dict(vocab_size=V, emb_dim=16, n_layers=2, n_heads=2, max_position_embeddings=32, dropout=0.0, attention_dropout=0.0, layerdrop=0.0,
                gelu_activation=True, pad_index=2, pad_token_id=2, unk_index=3, bos_index=0, eos_index=1, n_langs=1, use_lang_emb=False,
                summary_first_dropout=0.0, embed_init_std=0.25)
DISTIL = dict(vocab_size=V, dim=16, hidden_dim=24, n_layers=2, n_heads=2, max_position_embeddings=32, dropout=0.0, attention_dropout=0.0,
              qa_dropout=0.0, seq_classif_dropout=0.0)
T5 = dict(vocab_size=V, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_decoder_layers=2, num_heads=3, relative_attention_num_buckets=8,
          relative_attention_max_distance=12, dropout_rate=0.0, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
MARIAN = dict(vocab_size=V, decoder_vocab_size=V, d_model=16, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2,
              decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=20, max_position_embeddings=32, dropout=0.0,
              attention_dropout=0.0, activation_dropout=0.0, scale_embedding=True, activation_function="swish", pad_token_id=47,
              eos_token_id=1, bos_token_id=3, decoder_start_token_id=47, forced_eos_token_id=1)


def rope(**more):
    return dict(DECODER, rope_parameters=dict(rope_theta=100.0, **more))


# name: (class of the model, config class, config)
CASES = {
    "gemma": ("GemmaForCausalLM", "GemmaConfig", dict(DECODER, hidden_activation="gelu_pytorch_tanh")),
    "gemma2": ("Gemma2ForCausalLM", "Gemma2Config", dict(DECODER, sliding_window=4, query_pre_attn_scalar=6, attn_logit_softcapping=2.0,
                                                         final_logit_softcapping=3.0)),
    "gemma3": ("Gemma3ForCausalLM", "Gemma3TextConfig", dict(DECODER, num_hidden_layers=3, sliding_window=4, query_pre_attn_scalar=6,
                                                             layer_types=["sliding_attention", "sliding_attention", "full_attention"])),
    "gemma-silu": ("GemmaForCausalLM", "GemmaConfig", dict(DECODER, hidden_act="silu", hidden_activation="relu", tie_word_embeddings=False)),
    "gemma3-caps": ("Gemma3ForCausalLM", "Gemma3TextConfig", dict(DECODER, sliding_window=4, query_pre_attn_scalar=6, attn_logit_softcapping=2.0,
                                                                  final_logit_softcapping=3.0)),
    "llama-linear": ("LlamaForCausalLM", "LlamaConfig", rope(rope_type="linear", factor=3.0)),
    "llama-dynamic": ("LlamaForCausalLM", "LlamaConfig", rope(rope_type="dynamic", factor=2.0)),
    "llama-llama3": ("LlamaForCausalLM", "LlamaConfig", rope(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                             original_max_position_embeddings=16)),
    "llama-yarn": ("LlamaForCausalLM", "LlamaConfig", rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)),
    "llama-biases": ("LlamaForCausalLM", "LlamaConfig", dict(DECODER, attention_bias=True, mlp_bias=True, num_key_value_heads=1,
                                                             tie_word_embeddings=True)),
    "qwen2-windows": ("Qwen2ForCausalLM", "Qwen2Config", dict(DECODER, use_sliding_window=True, sliding_window=4, max_window_layers=1)),
    "roberta-mlm": ("RobertaForMaskedLM", "RobertaConfig", ROBERTA),
    "roberta-seqcls": ("RobertaForSequenceClassification", "RobertaConfig", dict(ROBERTA, num_labels=3)),
    "roberta-tokcls": ("RobertaForTokenClassification", "RobertaConfig", dict(ROBERTA, num_labels=5)),
    "roberta-qa": ("RobertaForQuestionAnswering", "RobertaConfig", ROBERTA),
    "camembert-mlm": ("CamembertForMaskedLM", "CamembertConfig", dict(ROBERTA, hidden_act="relu")),
    "flaubert-mlm": ("FlaubertWithLMHeadModel", "FlaubertConfig", FLAUBERT),
    "flaubert-pre": ("FlaubertWithLMHeadModel", "FlaubertConfig", dict(FLAUBERT, pre_norm=True, gelu_activation=False)),
    "flaubert-seqcls": ("FlaubertForSequenceClassification", "FlaubertConfig", dict(FLAUBERT, num_labels=4)),
    "flaubert-tokcls": ("FlaubertForTokenClassification", "FlaubertConfig", dict(FLAUBERT, num_labels=4)),
    "flaubert-qa": ("FlaubertForQuestionAnsweringSimple", "FlaubertConfig", FLAUBERT),
    "distilbert-seqcls": ("DistilBertForSequenceClassification", "DistilBertConfig", dict(DISTIL, num_labels=3)),
    "distilbert-tokcls": ("DistilBertForTokenClassification", "DistilBertConfig", dict(DISTIL, num_labels=3)),
    "distilbert-qa": ("DistilBertForQuestionAnswering", "DistilBertConfig", DISTIL),
    "bert-untied": ("BertForMaskedLM", "BertConfig", dict(ENCODER, tie_word_embeddings=False)),
    "roberta-untied": ("RobertaForMaskedLM", "RobertaConfig", dict(ROBERTA, tie_word_embeddings=False)),
    "bert-several": ("BertForSequenceClassification", "BertConfig", dict(ENCODER, num_labels=3, problem_type="multi_label_classification")),
    "bert-number": ("BertForSequenceClassification", "BertConfig", dict(ENCODER, num_labels=1)),
    "bert-numbers": ("BertForSequenceClassification", "BertConfig", dict(ENCODER, num_labels=2, problem_type="regression")),
    "t5-gated": ("T5ForConditionalGeneration", "T5Config", dict(T5, feed_forward_proj="gated-gelu", tie_word_embeddings=False)),
    "t5-buckets": ("T5ForConditionalGeneration", "T5Config", dict(T5, relative_attention_num_buckets=6)),
    "marian": ("MarianMTModel", "MarianConfig", MARIAN),
}


def draw(name, seed):
    """A model with numbers large enough that every option shows."""
    kind, config_kind, options = CASES[name]
    config = getattr(transformers, config_kind)(**options)
    config._attn_implementation = "eager"
    model = getattr(transformers, kind)(config).eval()
    random = torch.Generator().manual_seed(seed)
    normal = lambda p: torch.randn(p.shape, generator=random)
    with torch.no_grad():
        for key, p in model.named_parameters():
            if not p.requires_grad:
                continue  # Marian's sinusoids
            if "norm" in key.lower() and key.endswith("weight"):
                p.copy_(p + 0.2 * normal(p))
            elif p.dim() == 1:
                p.copy_(0.2 * normal(p))
            elif "embed" in key or "shared" in key or "relative" in key:
                p.copy_(0.7 * normal(p))
            else:
                p.copy_(1.2 * normal(p) * p.shape[1] ** -0.5)
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.copy_(0.3 * normal(model.final_logits_bias))
    return config, model, random


def rows(random, low=4, high=V - 1, lengths=LENGTHS, pad=0):
    ids = torch.randint(low, high, (len(lengths), max(lengths)), generator=random)
    mask = torch.tensor([[1] * n + [0] * (max(lengths) - n) for n in lengths])
    return torch.where(mask == 1, ids, pad), mask


def labels_of(config, model, ids, mask, random):
    """The labels of the main batch, as the class takes them."""
    kind = type(model).__name__
    some = lambda high, shape: torch.randint(0, high, shape, generator=random)
    if "SequenceClassification" in kind:
        if config.problem_type == "multi_label_classification":
            return dict(labels=some(2, (3, config.num_labels)).float())
        if config.num_labels == 1:
            return dict(labels=torch.randn(3, generator=random))
        if config.problem_type == "regression":
            return dict(labels=torch.randn((3, config.num_labels), generator=random))
        return dict(labels=some(config.num_labels, (3,)))
    if "TokenClassification" in kind:
        return dict(labels=torch.where(mask == 1, some(config.num_labels, ids.shape), -100))
    if "QuestionAnswering" in kind:
        return dict(start_positions=torch.tensor([2, 1, 0]), end_positions=torch.tensor([5, 7, 4]))
    if "MaskedLM" in kind or "WithLMHead" in kind:
        chosen = some(3, ids.shape) == 0
        chosen[:, 1] = True
        return dict(labels=torch.where(chosen & (mask == 1), some(V - 1, ids.shape), -100))
    keep = some(6, ids.shape) != 0
    return dict(labels=torch.where(keep & (mask == 1), ids, -100))


def make(name, seed):
    config, model, random = draw(name, seed)
    two = config.is_encoder_decoder
    pad = config.pad_token_id if config.pad_token_id is not None else 0
    ids, mask = rows(random, pad=pad)
    given = dict(input_ids=ids, attention_mask=mask)
    if config.model_type == "bert":
        given["token_type_ids"] = torch.randint(0, 2, ids.shape, generator=random) * mask
    if two:
        target, target_mask = rows(random, lengths=[8, 6, 3], pad=pad)
        labels = dict(labels=torch.where(target_mask == 1, target, -100))
    else:
        labels = labels_of(config, model, ids, mask, random)
    # The reference's FlauBERT with norms before each half indexes its cache by layer, which that cannot be, and shows no attentions.
    transformers.EncoderDecoderCache.__getitem__ = lambda cache, layer: cache
    out = model(**given, **labels, output_hidden_states=True, output_attentions=name != "flaubert-pre")
    out.loss.backward()
    tensors = {f"in.{key}": value for key, value in {**given, **labels}.items()}
    for key in ["logits", "start_logits", "end_logits"]:
        if key in out:
            tensors[f"out.{key}"] = out[key]
    for key in out:
        if key.endswith(("hidden_states", "attentions")) and out[key] is not None:
            for layer, tensor in enumerate(out[key]):
                tensors[f"out.{key}.{layer}"] = tensor
    if two:
        tensors["in.decoder_input_ids"] = model.prepare_decoder_input_ids_from_labels(labels=labels["labels"])
    causal = type(model).__name__.endswith("ForCausalLM")
    record = dict(case=name, architecture=type(model).__name__, seed=seed, loss=out.loss.item())
    if causal:
        left = torch.stack([row.roll(T - n) for row, n in zip(ids, LENGTHS)])
        left_mask = torch.stack([row.roll(T - n) for row, n in zip(mask, LENGTHS)])
        positions = (left_mask.cumsum(1) - 1).clamp(min=0)
        tensors["leftpad.input_ids"], tensors["leftpad.attention_mask"], tensors["leftpad.position_ids"] = left, left_mask, positions
        tensors["leftpad.logits"] = model(input_ids=left, attention_mask=left_mask, position_ids=positions).logits
        long = torch.randint(4, V - 1, (1, 44), generator=random)
        tensors["long.input_ids"], tensors["long.logits"] = long, model(input_ids=long).logits
    if causal or two:
        model.generation_config.eos_token_id = None
        model.generation_config.forced_eos_token_id = None
        model.generation_config.bad_words_ids = None
        greedy, margin = [], 1.0
        for row, n in zip(ids, LENGTHS):
            made = model.generate(input_ids=row[None, :n], attention_mask=mask[:1, :n], do_sample=False, num_beams=1, max_new_tokens=10,
                                  output_scores=True, return_dict_in_generate=True)
            greedy.append(dict(prompt=row[:n].tolist(), sequence=made.sequences[0].tolist()))
            for score in made.scores:
                best = score[0].topk(2).values
                margin = min(margin, (best[0] - best[1]).item())
        record["greedy"], record["min_top2_margin"] = greedy, margin
        if margin < 2e-3:
            return make(name, seed + 1)
    # A tied tensor goes by the name that the file has.
    tied = {"lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight", "lm_head.decoder.bias": "lm_head.bias"}
    tied = tied if getattr(config, "tie_word_embeddings", True) else {}
    gradients = {tied.get(key, key): p.grad for key, p in model.named_parameters() if p.grad is not None}
    most = max(g.abs().max().item() for g in gradients.values())
    zero = [key for key, g in gradients.items() if g.abs().max().item() <= 1e-6 * most]
    record["numerics"] = dict(gradients_zero_in_exact_arithmetic=zero)
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    plain = lambda tensors: {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    save_file(plain(tensors), folder / "expected.safetensors")
    save_file(plain(gradients), folder / "grads.safetensors")
    (folder / "expected.json").write_text(json.dumps(record) + "\n")
    print(name, seed, f"loss {record['loss']:.4f}", *zero)


for name in sys.argv[1:] or CASES:
    make(name, 1000)
