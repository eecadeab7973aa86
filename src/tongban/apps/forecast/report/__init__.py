"""Reports: built once out of figures and words, written as HTML, JSON and a spreadsheet."""
