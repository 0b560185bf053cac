"""The pocket Whisper while it is trained: Whisper's own layers, a small vocabulary, a phoneme head."""

import math
from dataclasses import asdict

import torch
import torch.nn.functional as F
from augment import PHONEMES, Batch
from pieces import VOCABULARY_SIZE
from torch import Tensor, nn
from whisper.model import ModelDimensions, Whisper


def dimensions(
    vocabulary: int, state: int = 128, audio_layers: int = 4, text_layers: int = 4
) -> ModelDimensions:
    """Return the sizes of the pocket Whisper."""
    return ModelDimensions(
        n_mels=80, n_audio_ctx=1500, n_audio_state=state, n_audio_head=4, n_audio_layer=audio_layers,
        n_vocab=vocabulary, n_text_ctx=448, n_text_state=state, n_text_head=4, n_text_layer=text_layers,
    )  # fmt: skip


class Learner(nn.Module):
    """A Whisper that knows only some rows of the vocabulary; `neutral` stands for each of all others.

    The first `text_rows` rows are pieces of text, the others are special.
    """

    def __init__(self, rows: int, text_rows: int) -> None:
        super().__init__()
        self.whisper = Whisper(dimensions(rows))
        state = self.whisper.dims.n_audio_state
        self.neutral = nn.Parameter(torch.zeros(state))
        self.phonemes = nn.Linear(state, len(PHONEMES) + 1)
        self.text_rows = text_rows
        self.others = math.log(VOCABULARY_SIZE - rows)
        nn.init.normal_(self.whisper.decoder.token_embedding.weight, std=0.05)
        nn.init.normal_(self.whisper.decoder.positional_embedding, std=0.02)

    def encode(self, mels: Tensor) -> Tensor:
        """Return the features (rows, frames / 2, state) of spectra of any length up to 30 s."""
        encoder = self.whisper.encoder
        x = F.gelu(encoder.conv2(F.gelu(encoder.conv1(mels)))).permute(0, 2, 1)
        x = x + encoder.positional_embedding[: x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
        return encoder.ln_post(x)

    def states(self, inputs: Tensor, features: Tensor) -> Tensor:
        """Return the decoder's states before the vocabulary, (rows, tokens, state)."""
        decoder = self.whisper.decoder
        x = decoder.token_embedding(inputs) + decoder.positional_embedding[: inputs.shape[1]]
        for block in decoder.blocks:
            x = block(x, features, mask=decoder.mask)
        return decoder.ln(x)

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of the rows, and as the last one that of all other entries together."""
        table = torch.cat([self.whisper.decoder.token_embedding.weight, self.neutral[None]])
        logits = F.linear(states, table.to(states.dtype)).float()
        return torch.cat([logits[..., :-1], logits[..., -1:] + self.others], -1)

    def losses(self, batch: Batch, wrong: Tensor) -> tuple[Tensor, Tensor]:
        """Return the losses of text and phonemes; `wrong` replaces inputs where it is not negative."""
        features = self.encode(batch.mels)
        chosen = batch.labels >= 0
        inputs = torch.where(wrong >= 0, wrong, batch.inputs)
        logits = self.logits(self.states(inputs, features)[chosen])
        loss = F.cross_entropy(logits, batch.labels[chosen], reduction="none")
        weights = batch.weights[chosen]
        heard = batch.phoneme_counts > 0
        marks = F.log_softmax(self.phonemes(features[heard]).float(), -1).transpose(0, 1)
        lengths = torch.full((marks.shape[1],), marks.shape[0])
        spoken = F.ctc_loss(
            marks, batch.phonemes, lengths, batch.phoneme_counts[heard], zero_infinity=True, reduction="mean"
        )
        return (loss * weights).sum() / weights.sum(), spoken

    def full(self, ids: list[int]) -> Whisper:
        """Return the Whisper with the whole vocabulary, of which `ids` are the rows that were trained."""
        sizes = asdict(self.whisper.dims) | {"n_vocab": VOCABULARY_SIZE}
        whole = Whisper(ModelDimensions(**sizes))
        state = self.whisper.state_dict()
        table = self.neutral.detach().repeat(VOCABULARY_SIZE, 1)
        table[torch.tensor(ids)] = state["decoder.token_embedding.weight"]
        state["decoder.token_embedding.weight"] = table
        whole.load_state_dict(state)
        return whole.eval()
