"""Pre-labelling on many machines: Ray hands out pictures, workers see them, and one process stores what comes back.

`pictures`: what is read, here or in a store. `worker`: what happens on a machine. `pool`: the only place that knows
Ray, of the extra `ray`. `engine`: the way of a batch, into a project, a dataset, or the `shards` of one.
"""
