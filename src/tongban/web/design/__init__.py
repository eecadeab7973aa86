"""Pages on which items are made: drafts over the files of a region pack, for publishers."""
