"""Tables as people keep them, for whoever reads rows: text of any encoding and separator, and workbooks."""
