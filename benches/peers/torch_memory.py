"""What PyTorch holds for a training step of a GPT-2 of 6 layers, width 384, T = 256, B = 8, vocabulary 65, by its own profiler.

Needs torch and transformers; not run by the tests, which keep what it printed (tests/models/forms.rs). Prints, for each activation,
rate of dropout and form of attention, the most bytes that a step has allocated at once, weights and both moments of AdamW added.
"""

import itertools

import torch
from torch.profiler import ProfilerActivity, profile
from transformers import GPT2Config, GPT2LMHeadModel


def peak(activation: str, dropout: float, attention: str) -> tuple[int, int]:
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=65, n_positions=256, n_embd=384, n_layer=6, n_head=6, activation_function=activation, use_cache=False,
        resid_pdrop=dropout, embd_pdrop=dropout, attn_pdrop=dropout, attn_implementation=attention,
    )
    model = GPT2LMHeadModel(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    ids = torch.randint(0, 65, (8, 256))

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()

    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        most = max(most, live)
    held = 12 * sum(parameter.numel() for parameter in model.parameters())
    return most + held, held


for activation, dropout, attention in itertools.product(["gelu_new", "gelu"], [0.1, 0.0], ["sdpa", "eager"]):
    most, held = peak(activation, dropout, attention)
    print(f"{activation}, dropout {dropout}, {attention}: {most / 1e6:.0f} MB, of which {held / 1e6:.0f} weights and moments", flush=True)
