"""What results look like: comparisons, studies, many points, pages; how results were made is not known here."""
