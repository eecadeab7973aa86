"""The clerk's desk (工作台): the queue, the case, the counter, and the duties of a department."""
