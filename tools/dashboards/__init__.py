"""The dashboards as code: `make dashboards` writes roles/monitoring/files/dashboards/*.json from here.

    boards/      what is shown: a file a dashboard, read from top to bottom as it is drawn
    promql.py    expressions with the matchers that every selector has
    limits.py    where the colours change, by the names in roles/monitoring/files/thresholds.yml
    panels.py    one function a kind of panel, in one look
    board.py     rows of panels, the variables, links and annotations that every dashboard has
    portable.py  the form that Grafana 7.5 and 13 both draw
    build.py     all of it to files
    lint/        what must hold of a dashboard

Users of the collection get the JSON; nothing here is needed on a controller or a managed host.
"""
