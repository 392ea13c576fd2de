"""What virtual users do with a DMS: a module for each kind of scenario.

`calls` makes the requests and measures them; `fresh` and `supply` have the documents and items that they
are about. A new flow is an async function of a VirtualUser in one of these modules, its line in
`dmsperf_tui.systems.dms.listing.FLOWS` and its row in `dmsperf_tui.systems.dms.uses`.
"""
