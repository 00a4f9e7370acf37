"""`python -m tools.dashboards`: write all dashboards anew."""

from .build import main

main()
