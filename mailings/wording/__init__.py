"""What pages say, in the reader's language: chips, sentences, the timeline, reasons, times and money."""
