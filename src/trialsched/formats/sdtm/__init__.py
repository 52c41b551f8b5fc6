"""SDTM-shaped datasets of a trial's visits: TV, SV, DV, and TD where a protocol repeats; as CSV and Dataset-JSON.

Shaped after the CDISC SDTM Implementation Guide 3.4 and Dataset-JSON 1.1. They are a start for a statistician, not a
submission: severity, coding and what was collected elsewhere are people's.
"""

from trialsched.formats.sdtm.building import datasets
from trialsched.formats.sdtm.model import Column, Dataset, Datasets, DataType, Value
from trialsched.formats.sdtm.writing import Format, dump, dumps, is_ours

__all__ = ["Column", "DataType", "Dataset", "Datasets", "Format", "Value", "datasets", "dump", "dumps", "is_ours"]
