"""Networks that run on a server of the Open Inference Protocol (KServe v2) over HTTP: tensors go there and come back.

What happens to a picture before and after is the same as for a network that runs here. Enter through `network.py`.
"""
