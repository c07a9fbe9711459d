"""Recipients: files and pasted text are read, each person once, with what is wrong with the rest.

`reader` reads a file or a paste, by means of `tables` (which format: `charset`, `delimited`, `xlsx`, `ods`),
`columns` (which is the heading, which the column), `judge` (`numbers` with `plans`, `emails`, `telegram`),
`messages` (`{Heading}` in a text) and `reasons` (all sentences). None of these imports Django.

`imports` reads a file into rows. `corrections` corrects these and chooses those that are sent to. `stop_list`
has the addresses that get nothing, `people` what one person got.
"""
