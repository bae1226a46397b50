"""Tiles have the paths, widths and bytes that C2SP gives them, and grow as the tree does."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import Invalid
from consent_service.merkle import (
    EMPTY,
    ENTRIES,
    Hashes,
    Tile,
    decode_bundle,
    edge_of,
    encode_bundle,
    grow,
    leaf_hashes,
    parse_path,
    prove_inclusion,
    read_edge,
    root_of,
    tiles_of,
    width_in,
)
from consent_service.merkle.reading import Node
from consent_service.merkle.tiles import tile_root
from tests.unit.ledger import LEAVES, grown


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1_000), "tile/0/x001/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(1, 123_456_789), "tile/1/x123/x456/789"),
        (Tile(1, 0, 17), "tile/1/000.p/17"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(63, 0, 1), "tile/63/000.p/1"),
        (Tile(ENTRIES, 1_234_067, 255), "tile/entries/x001/x234/067.p/255"),
        (Tile(0, 2**55 - 1), "tile/0/x036/x028/x797/x018/x963/967"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/8/0/000",
        "tile/0/../../keys",
        "tile/0/\u0661\u0662\u0663",
        "tile/0/" + "x999/" * 7 + "999",
    ],
)
def test_what_is_not_exactly_a_path_is_refused(path: str) -> None:
    with pytest.raises(Invalid, match="not the path of a tile"):
        parse_path(path)


@given(st.integers(-1, 63), st.integers(0, 10**21 - 1), st.integers(1, 256))
def test_every_path_is_read_back(level: int, number: int, width: int) -> None:
    tile = Tile(level, number, width)
    assert parse_path(tile.path) == tile


@given(st.text(alphabet="tile/enrsx0123456789.p", max_size=30) | st.text(max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    with suppress(Invalid):
        assert parse_path(text).path == text


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    assert tiles[:273] == [Tile(0, number) for number in range(273)]
    assert tiles[273:] == [Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert edge_of(70_000) == (Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1))
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == list(edge_of(0)) == []


@given(st.integers(0, 2_000_000))
def test_every_tile_of_a_tree_has_the_width_it_should(size: int) -> None:
    tiles = list(tiles_of(size))
    assert all(tile.width == width_in(size, tile.level, tile.number) for tile in tiles)
    assert [tile for tile in tiles if tile.width < 256] == list(edge_of(size))
    past = Tile(0, -(-size // 256))
    assert width_in(size, past.level, past.number) <= 0


@pytest.mark.parametrize("step", [1, 7, 255, 256, 257, 1_000])
def test_the_tree_is_the_same_in_whatever_steps_it_grew(step: int) -> None:
    at_once, slowly = grown(1_000), grown(1_000, step)
    assert slowly.edge == at_once.edge
    assert set(tiles_of(1_000)) <= set(slowly.held)
    assert all(slowly.held[tile] == data for tile, data in at_once.held.items())


def test_growing_writes_exactly_the_tiles_that_changed() -> None:
    tiles = grown(510)
    growth = grow(tiles.edge, b"".join(LEAVES[510:515]))
    assert [tile for tile, _ in growth.tiles] == [Tile(0, 1), Tile(0, 2, 3), Tile(1, 0, 2)]
    assert growth.edge.size == 515
    assert tiles.edge.size == 510, "the edge that it began with is as it was"
    assert grow(tiles.edge, b"") == (tiles.edge, ())


def test_a_level_that_was_filled_to_the_last_hash_goes_on_with_the_next_tile() -> None:
    leaves = leaf_hashes(b"%d" % number for number in range(65_536 + 300))
    whole = grow(EMPTY, leaves[: 65_536 * 32])
    assert whole.edge.rows == (b"", b"", tile_root(dict(whole.tiles)[Tile(1, 0)]))
    more = grow(whole.edge, leaves[65_536 * 32 :])
    assert [tile for tile, _ in more.tiles] == [Tile(0, 256), Tile(0, 257, 44), Tile(1, 1, 1)]
    assert more.edge.root == root_of(leaves)
    both = dict(whole.tiles) | dict(more.tiles)
    hashes = Hashes(65_836, both.__getitem__)
    assert prove_inclusion(65_800, hashes)[-1] == whole.edge.root


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700, 1_000])
def test_the_edge_is_read_back_from_its_tiles_or_from_wider_ones(size: int) -> None:
    tiles, later = grown(size), grown(1_000)
    assert read_edge(size, tiles.read) == tiles.edge
    assert set(tiles.asked) == set(edge_of(size))

    def wider(tile: Tile) -> bytes:
        return later.held[Tile(tile.level, tile.number, width_in(1_000, *tile[:2]))]

    assert read_edge(size, wider) == tiles.edge


@pytest.mark.parametrize("data", [b"", bytes(31), bytes(32), bytes(65), bytes(257 * 32)])
def test_a_tile_that_was_cut_short_is_named(data: bytes) -> None:
    with pytest.raises(Invalid, match=r"tile/0/000.p/2 has \d+ bytes; 2 hashes are 64"):
        Hashes(2, lambda _: data).node(Node(1, 0))
    with pytest.raises(Invalid, match=r"tile/0/000.p/2 has"):
        read_edge(2, lambda _: data)


@pytest.mark.parametrize("size", [-1, 2**63])
def test_a_tree_of_an_impossible_size_is_refused(size: int) -> None:
    for build in (lambda: Hashes(size, lambda _: b""), lambda: edge_of(size)):
        with pytest.raises(Invalid, match="from 0 to"):
            build()


def test_no_hash_is_given_that_is_not_in_the_tree() -> None:
    with pytest.raises(Invalid, match="is not in a tree of 3 entries"):
        grown(3).hashes().node(Node(1, 1))


@pytest.mark.parametrize("length", [1, 31, 33])
def test_what_is_not_whole_hashes_does_not_grow_a_tree(length: int) -> None:
    with pytest.raises(Invalid, match="not whole hashes"):
        grow(EMPTY, bytes(length))
    with pytest.raises(Invalid, match="a full tile has 8192 bytes"):
        tile_root(bytes(length))


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_is_read_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == tuple(entries)


def test_a_bundle_has_each_entry_after_its_length() -> None:
    assert encode_bundle([b"", b"ab", bytes(258)]) == b"\0\0\0\2ab\1\2" + bytes(258)


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"\0", "ends within entry 0, at byte 1"),
        (b"\0\2a", "ends within entry 0, at byte 3"),
        (b"\0\1a\0", "ends within entry 1, at byte 4"),
        (b"\0\0" * 257, "has 257 entries; 256 is the most"),
    ],
)
def test_a_bundle_that_was_cut_short_is_named(data: bytes, finding: str) -> None:
    with pytest.raises(Invalid, match=finding):
        decode_bundle(data)


@given(st.binary(max_size=600))
def test_any_bytes_are_a_bundle_or_refused(data: bytes) -> None:
    with suppress(Invalid):
        assert encode_bundle(decode_bundle(data)) == data
