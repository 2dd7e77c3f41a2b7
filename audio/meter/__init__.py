"""Loudness and true-peak metering (ITU-R BS.1770-5, EBU Tech 3341 and 3342) in numpy and scipy."""
