"""Files of other tools in and out: policy settings of libraries and meshes."""
