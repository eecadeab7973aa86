"""What callers send to the cases' API and what it gives back (请求与应答).

Requests are strict: unknown fields, floats and control characters are refused with a sentence.
"""
