"""Reports 报告: words, figures and pictures, written as one page, as JSON and as a spreadsheet.

Works on files alone: no Django, no database, no settings.
"""
