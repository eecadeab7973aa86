"""The words around a drawn flow, in Chinese and English."""

from collections.abc import Mapping

from tongban.kernel.facts import Words

DRAWING_WORDS: Mapping[str, Words] = {
    "flow_title": Words("流程图", "The flow"),
    "flow_steps": Words("流程步骤", "Steps of the flow"),
    "flow_says": Words(
        "共 {n} 个步骤和事件，图下列出各项及其状态。",
        "Steps and events: {n}. They are listed below the picture with their states.",
    ),
    "flow_not_drawn": Words(
        "这个流程文件没有图形坐标，因此不画图；步骤如下。",
        "The file of this flow holds no coordinates, so nothing is drawn; its steps are these.",
    ),
    "flow_done": Words("已完成", "done"),
    "flow_now": Words("正在办理", "at work"),
    "flow_wait": Words("等待时间或消息", "waits for time or news"),
    "flow_ahead": Words("未到", "not reached"),
}
