"""Who gets it: files and pasted text -> recipients, each person once, and what is wrong with the rest.

`reader` reads a file or a paste; what it is made of: `tables` (which format: `charset`, `delimited`, `xlsx`,
`ods`), `columns` (heading and column), `judge` (`numbers` with `plans`, `emails`, `telegram`), `messages`
(`{Heading}` in a text), `reasons` (every sentence that is said). None of these knows Django.

`imports` reads a file into rows, `corrections` is what a person does with them before they are sent to.
`stop_list` and `people` look at the rows: who gets nothing, and what somebody got.
"""
