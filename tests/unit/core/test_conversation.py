"""A conversation is a tree: versions, branches, leaves."""

import pytest

from assistant_app.core.conversation import ConversationTree, Message, Role, TextPart
from assistant_app.core.errors import NotFound


def message(id_: str, parent: str | None, role: Role = Role.USER, at: float = 0.0) -> Message:
    return Message(id_, "c", parent, role, (TextPart(id_),), created_at=at)


@pytest.fixture
def tree() -> ConversationTree:
    """Question q with answers a1 and a2; a1 has a follow-up f."""
    return ConversationTree.of(
        [
            message("a2", "q", Role.ASSISTANT, 3),
            message("q", None, at=1),
            message("f", "a1", at=4),
            message("a1", "q", Role.ASSISTANT, 2),
        ]
    )


def test_the_path_runs_from_the_root_to_the_leaf(tree: ConversationTree) -> None:
    assert [m.id for m in tree.path("f")] == ["q", "a1", "f"]
    assert tree.path(None) == []


def test_a_missing_message_is_said_and_not_guessed(tree: ConversationTree) -> None:
    with pytest.raises(NotFound):
        tree.path("gone")
    with pytest.raises(NotFound):
        tree.siblings("gone")


def test_versions_stand_in_order_of_creation(tree: ConversationTree) -> None:
    assert tree.siblings("a1") == ["a1", "a2"]
    assert tree.siblings("q") == ["q"]


def test_the_latest_leaf_follows_the_newest_children(tree: ConversationTree) -> None:
    assert tree.latest_leaf("q") == "a2"
    assert tree.latest_leaf("a1") == "f"


def test_the_subtree_holds_all_branches(tree: ConversationTree) -> None:
    assert {m.id for m in tree.subtree("q")} == {"q", "a1", "a2", "f"}
    assert {m.id for m in tree.subtree("a1")} == {"a1", "f"}


def test_replacing_a_message_keeps_its_place(tree: ConversationTree) -> None:
    tree.add(message("a1", "q", Role.ASSISTANT, 9))
    assert tree.siblings("a1") == ["a1", "a2"]
