"""Reports of value 价值报告: one model, written as a page, as JSON or as a spreadsheet."""
