"""What the exchange's nodes say to each other (数据交换协议): messages, signatures, grants, rows.

Pure functions on frozen data; keys, instants and nonces are arguments. Nothing here sends, stores
or looks for anything, so a node, the control plane, a verifier and a test judge alike.
"""
