"""All dashboards, in the order in which somebody who is woken at night reads them."""

from __future__ import annotations

from ..board import Board
from . import application, business, multimodal, redis, system

BOARDS: tuple[Board, ...] = (system.BOARD, application.BOARD, business.BOARD, multimodal.BOARD, redis.BOARD)
