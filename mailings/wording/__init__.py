"""What is said: chips, sentences, the timeline, reasons, moments and money, in the reader's language."""
